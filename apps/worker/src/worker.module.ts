import {
  Inject,
  Injectable,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { RatingLoop } from './rating-loop.js';

/** How long a stop may work off the queue; what is left waits in the journal for the next start. */
export const RATING_STOP_MS_MAX = 10_000;

/** Runs the loop for as long as the application runs. */
@Injectable()
export class RatingService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(RatingLoop) readonly loop: RatingLoop) {}

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop(RATING_STOP_MS_MAX);
  }
}

/** The worker: background jobs bound to the application's life. */
@Module({})
export class WorkerModule {
  static with(loop: RatingLoop): DynamicModule {
    return {
      module: WorkerModule,
      providers: [{ provide: RatingLoop, useValue: loop }, RatingService],
      exports: [RatingLoop],
    };
  }
}
