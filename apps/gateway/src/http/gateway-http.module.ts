import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ApiKeyGuard } from './api-key.guard.js';
import { ClientSecretsController } from './client-secrets.controller.js';
import { GATEWAY_HTTP, type GatewayHttpParts } from './parts.js';
import { RoutesController } from './routes.controller.js';

/** The gateway's HTTP routes, bound to the parts that the composition root made. */
@Module({})
export class GatewayHttpModule {
  static with(parts: GatewayHttpParts): DynamicModule {
    return {
      module: GatewayHttpModule,
      controllers: [ClientSecretsController, RoutesController],
      providers: [
        { provide: GATEWAY_HTTP, useValue: parts },
        { provide: APP_GUARD, useClass: ApiKeyGuard },
      ],
    };
  }
}
